/* SPDX-License-Identifier: MIT */
/* The cell of an LSTM: one step of one sequence, without its matrix products.
 *
 * Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
 * Gates are stored as (i, f, g, o), [4 hidden]. All Local. */
#ifndef LEARN_LSTM_H
#define LEARN_LSTM_H

/** i, f, o = sigm(.), g = tanh(.) in place; c1 = f c0 + i g,
 * h1 = o tanh(c1); all [hidden]. */
void lstm_cell(float *gates, float *c1, float *h1, const float *c0, int hidden);

/** Given dL/dh1 and what reached dL/dc1 from later steps, turn the activations
 * in `gates` into the gradient of the gates' inputs, and dc into dL/dc0. */
void lstm_cell_backward(float *gates, float *dc, const float *dh1,
                        const float *c1, const float *c0, int hidden);

#endif
