"""What pages of the documentation take from the code, so that it is typed once."""
