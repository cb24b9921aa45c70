"""What a file holds, whatever it means: tables and images out of FITS, text, VOTable, HDF5, NetCDF and Parquet."""
