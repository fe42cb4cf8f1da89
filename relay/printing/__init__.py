"""Paper: text in, the bytes of a PDF out. Knows nothing of items, people or the database.

What a person wrote reaches the typesetter as data, in a child process without files or network, and is either
printed whole or refused: `fonts` names the characters that no font has before anything is set.
"""
