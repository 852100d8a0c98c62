"""`imdb_db.mat`: the face database of the original experiment, read and written.

A MATLAB v5 file of plain variables: `image` uint8 (N, S, S, 3) in BGR, `gender` and
`age` of N each, `db` (`imdb` or `wiki`), `img_size` and `min_score`.
"""
