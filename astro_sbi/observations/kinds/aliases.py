"""What columns are called: names in lower case without marks, in order of preference."""

from __future__ import annotations

#: Names of times by the zero point that they imply; "" where the name does not say.
TIMES = {
    "BJD": "bjdtdb bjd timebjd bjdtime timebjdtdb tmidbjd bjdmid midbjd bjdtcb bjdtt bjdutc barycentricjulianday barycentricjuliandate",
    "HJD": "hjd hjdutc hjdtdb timehjd heliojd helcjd hjdmid midhjd heliocentricjuliandate",
    "BMJD": "bmjd bmjdtdb bmjdmid mjdbary barycentricmjd",
    "JD": "jd jdutc jdtdb timejd obsjd jdobs jdmid juliandate julianday julday",
    "MJD": "mjd timemjd mjdtime mjdobs antmjd mjdmid midmjd obsmjd mjdutc mjdtdb modifiedjuliandate",
    "JD - 2400000": "rjd",
    "BJD - 2457000": "btjd timebtjd",
    "BJD - 2454833": "bkjd timebkjd bkjdtime",
    "": "time t times timed timedays timeday timecorr timecolumn obstime jdb tbjd tmid midtime timemid dateobs obsdate date dates "
    "epoch epochs utcdate datetime observationdate timehours timesec times1 tsec",
}
WAVELENGTH = (
    "wavelength lambda wave lam wl wavelengths wavelen wlen wvl wav loglam loglambda logwave logwavelength wavelengthvac wavelengthvacuum "
    "wavelengthair waveair wavevac lambdaair lambdavac airwavelength vacuumwavelength obswave wavelengthobs waveobs lambdaobs spectralaxis "
    "awav wavelengthangstrom wavelengthangstroms wavelengtha wavelengthnm wavelengthum wavelengthmicron wavelengthmicrons waveangstrom "
    "waveum wavenm waveaa lambdaangstrom lambdaa lambdanm lambdaum arg angstrom angstroms frequency freq nu energy"
)
FLUX = (
    "pdcsapflux kspsapflux sapflux fluxcorr corrflux fcor detflux calpsfflux calaperflux psffluxcor flux relativeflux relflux "
    "normalizedflux normalisedflux normflux fluxnorm fluxdetrended detrendedflux detrended correctedflux fluxcorrected dtrflux "
    "relfluxt1dfn relfluxt1dn relfluxt1fn relfluxt1n relfluxt1 fluxdensity flambda flam fluxlambda fluxflambda fnu fluxnu intensity "
    "fluxujy fluxmjy fluxjy fluxnjy ujy forcediffimflux psfflux fluxcal apflux aperflux totalflux fluxreduced fluxcalibrated "
    "calibratedflux fluxcgs fluxergscm2a normalizedintensity spectrum spec fun i0 rawflux fluxraw flux2 tamflux2 ifl1 flux1 fluxt1 "
    "sourceskyt1 deltaflux dflux counts rate countrate cps f"
)
MAGNITUDE = (
    "mag magnitude imag vmag rmag gmag bmag umag zmag jmag hmag kmag tmag kpmag tessmag relmag delmag deltamag diffmag magi magv magr "
    "magg magpsf antmag magcorr calibmag magbest magauto psfmag apmag maginst instmag mag0 mag1 mag2 tammag2 tfa1 pca1 irm1 irm2 irm3 tfa2 "
    "tfa3 pca2 pca3 w1mpro w2mpro w3mpro w4mpro m"
)
VELOCITY = (
    "rv mnvel vel velocity radialvelocity vrad radvel rvel rvs rvms rvkms velocityms velocitykms vr drv rvc avc vhelio vbary rvbary helrv "
    "barycentricrv rvmlc meanvel velms velkms rvcorr ccfrv radialvel deltarv vrad1 rv1 vel1"
)
REDSHIFT = "zhd zcmb zcmbr z redshift zhel zhelio zspec zfinal"
DISTANCE = "mush0es mu mushoes distmod distancemodulus mumu mucorr modulus mbcorr mb dm mumlcs mufinal"
ERROR = (
    "error err sigma uncertainty unc stdev std yerr noise uncert stddev errors sig e fluxerr fluxerror fluxerrors eflux fluxe fluxsigma "
    "sigmaflux fluxuncertainty fluxunc errflux errorflux fluxstd ferr sigmaf pdcsapfluxerr sapfluxerr fluxcorrerr fluxcalerr "
    "magerr magerror emag merr magunc magnitudeuncertainty magnitudeerror sigmapsf sigmamag magsigma errmag antmagerr dmag dm "
    "magerrcalib errvel rverr erv svrad srv rvunc velerr dvel eavc uncertaintyerr errs rms"
)
IVAR = "ivar inversevariance fluxivar invvar inversevar"
VARIANCE = "var variance fluxvar stat"
SNR = "fluxovererror snr signaltonoise sn"
QUALITY = (
    "quality sapquality flag flags dq mask andmask qualityflag catflags pixelquality qual dquality irq1 "
    "tessflags status qflag pixmask pixelmask "
    "bpm badpix badpixel bad moving rejectedbyphotometry rejected outlier grade infobitssci good isgood valid drsqc"
)
CHANNEL = (
    "band filter passband filtername filtercode flt fid bandpass antpassband channel instrument inst tel telescope instrumentname "
    "spectrograph filterid bandname camera photfilter filt filters insname photband telname site observatory dataset ztffid f"
)
RESOLUTION = "wdisp resolution lsf lsfsigma sigmalsf instrumentaldispersion"
LIMIT = "maglim limit limitingmag limmag mag5sig antmaglim diffmaglim limitmag maglimit mlim uplim upperlimitmag"
#: Columns that say whether a row is an upper limit.
IS_LIMIT = "upperlimit isupperlimit upperlim islimit limitflag ul nondetection upplim"
IDENTIFIER = (
    "id objid objectid sourceid number name object cid snid num oid seq recno objname source designation targetid starid star galaxy "
    "coaddobjectid specobjid idspecz mainid gaiaid identifier seqnr objno nr no"
)
