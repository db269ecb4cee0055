// The table of one instruction set. Included once per instruction set by rows.c and rows_scalar.c.
#define TC_TEXT_OF(x) #x
#define TC_TEXT(x) TC_TEXT_OF(x)
static const tc_row_table TC_PASTE(table_, TC_LEVEL) = {
    .name = TC_TEXT(TC_LEVEL),
    .rms_norm = TC_ROW(rms_norm),
    .rms_norm_gradient = TC_ROW(rms_norm_gradient),
    .layer_norm = TC_ROW(layer_norm),
    .layer_norm_gradient = TC_ROW(layer_norm_gradient),
    .maximum = TC_ROW(maximum),
    .exponentials = TC_ROW(exponentials),
    .exponential_sum = TC_ROW(exponential_sum),
    .dot = TC_ROW(dot),
    .softmax_gradient = TC_ROW(softmax_gradient),
    .activation = TC_ROW(activation),
    .activation_gradient = TC_ROW(activation_gradient),
    .soft_cap = TC_ROW(soft_cap),
    .soft_cap_gradient = TC_ROW(soft_cap_gradient),
    .rotate = TC_ROW(rotate),
    .add_scaled = TC_ROW(add_scaled),
    .scale = TC_ROW(scale),
    .multiply = TC_ROW(multiply),
    .add_product = TC_ROW(add_product),
    .round = TC_ROW(round),
    .round_excess = TC_ROW(round_excess),
    .adamw = TC_ROW(adamw),
};
#undef TC_TEXT_OF
#undef TC_TEXT
