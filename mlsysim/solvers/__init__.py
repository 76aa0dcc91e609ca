"""One question per class: typed inputs in, an explained answer out."""
