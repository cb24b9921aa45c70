"""Everything that calls streamlit outside the pages."""
