"""What people read: numbers in words, tables, sections, and the page as HTML and Markdown."""
