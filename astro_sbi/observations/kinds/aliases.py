"""What columns are called: names in lower case without marks, in order of preference."""

from __future__ import annotations

#: Names of times by the zero point that they imply; "" where the name does not say.
TIMES = {
    "BJD": "bjd bjdtdb timebjd bjdtime timebjdtdb barycentricjulianday",
    "HJD": "hjd hjdutc timehjd heliojd helcjd",
    "JD": "jd jdutc timejd obsjd juliandate",
    "MJD": "mjd timemjd mjdobs antmjd mjdmid obsmjd jdmjd",
    "BMJD": "bmjd mjdbary",
    "JD - 2400000": "rjd",
    "BJD - 2457000": "btjd timebtjd",
    "BJD - 2454833": "bkjd timebkjd",
    "": "time t times date dates epoch epochs timed timedays days timecorr timecolumn obstime obsdate jdb bjdutc tbjd dateobs",
}
WAVELENGTH = (
    "wavelength lambda wave lam wl wavelengths loglam loglambda wavelengthvac wavelengthvacuum wavelengthair waveair wavevac lambdaair "
    "lambdavac obswave wavelengthobs spectralaxis awav wavelengthangstrom wavelengtha waveobs frequency freq energy nu"
)
FLUX = (
    "pdcsapflux kspsapflux sapflux fluxcorr corrflux fcor flux relativeflux relflux normalizedflux normalisedflux normflux fluxnorm "
    "fluxdetrended detrendedflux detflux detrended fluxdensity flambda flam fluxlambda fnu fluxnu intensity ujy forcediffimflux psfflux "
    "fluxcal fluxujy fluxmjy fluxjy apflux totalflux "
    "fluxreduced fluxcalibrated spectrum spec counts f rawflux fluxraw deltaflux dflux"
)
MAGNITUDE = (
    "mag magnitude imag vmag rmag gmag bmag umag zmag jmag hmag kmag tmag kpmag tessmag relmag delmag dmag diffmag magi magv magr magg "
    "magpsf antmag magcorr calibmag magbest magauto psfmag apmag m"
)
VELOCITY = (
    "rv vel velocity radialvelocity vrad radvel rvel mnvel rvs rvms rvkms velocityms velocitykms vr drv rvc vhelio vbary rvbary helrv "
    "barycentricrv"
)
REDSHIFT = "zhd zcmb zcmbr z redshift zhel zhelio zspec"
DISTANCE = "mush0es mu mushoes distmod distancemodulus mumu mucorr modulus mbcorr mb dm mumlcs"
ERROR = (
    "error err sigma uncertainty unc stdev std yerr noise uncert stddev errors sig e fluxerr fluxerror fluxerrors eflux fluxe fluxsigma "
    "sigmaflux fluxuncertainty fluxunc errflux errorflux fluxstd ferr sigmaf pdcsapfluxerr sapfluxerr fluxcorrerr fluxcalerr "
    "magerr magerror emag sigmapsf sigmamag magsigma errmag antmagerr dmag "
    "magerrcalib errvel rverr erv svrad srv rvunc velerr dvel uncertaintyerr"
)
IVAR = "ivar inversevariance fluxivar invvar"
VARIANCE = "var variance fluxvar stat"
QUALITY = "quality sapquality flag flags dq mask qualityflag catflags pixelquality qual"
CHANNEL = (
    "band filter passband filtername filtercode flt fid bandpass "
    "antpassband channel instrument inst tel telescope instrumentname spectrograph "
    "filterid bandname camera photfilter"
)
RESOLUTION = "wdisp resolution lsf lsfsigma sigmalsf instrumentaldispersion"
LIMIT = "maglim limit limitingmag limmag mag5sig antmaglim upperlimit diffmaglim"
IDENTIFIER = "id objid objectid sourceid number name object cid snid num oid seq recno objname source designation"
