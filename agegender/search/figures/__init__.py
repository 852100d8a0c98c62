"""A study to look at: pictures of it, and a page to click through.

Apart from the study itself, so that workers load neither matplotlib nor Plotly.
"""
