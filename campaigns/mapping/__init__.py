"""The mapping: which visits get which campaign. Its editor, its CSV files, and every change of it.

Others change rules by `rule_changes` and ask beforehand by `preview_text.preview_of`.
"""
