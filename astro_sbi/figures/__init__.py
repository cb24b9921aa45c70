"""Arrays and parameters in, plotly figures out."""
