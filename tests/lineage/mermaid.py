"""What the labels of our diagrams are made of."""

# Inside a label: letters, digits, a few plain marks and character codes; "<br/>" is ours.
LABEL = r"(?:[^\W]|[ .,:/()+_-]|#\d+;|<br/>)*"
