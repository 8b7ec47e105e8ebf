//! The interactive SQL shell: line editor, commands, printers.
