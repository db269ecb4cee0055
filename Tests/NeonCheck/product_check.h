// The checks of product_check.c: how many failed.
int product_failures(void);
