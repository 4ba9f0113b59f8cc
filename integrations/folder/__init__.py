"""An engagement tool that is reached by files: changes go out as files, events come in as files.

The folder is the vendor: `book/` is what it holds, `out/` what the other tool picks up, `in/` what
it leaves for Kept. docs/vendors/folder.md has the columns.
"""
