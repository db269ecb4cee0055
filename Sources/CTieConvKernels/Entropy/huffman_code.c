// Huffman codes of at most 11 bits: lengths from counts, codes from lengths.
#include "tc_huffman.h"

typedef struct {
  uint32_t keys[tc_huffman_symbols];  // count << 7 | symbol, rising
  int count;
} sorted_symbols;

// Counts are below 2^25. Insertion, because there are some eighty.
static int sort_symbols(const uint32_t counts[256], sorted_symbols *s) {
  s->count = 0;
  for (int symbol = 0; symbol < 256; symbol++) {
    if (counts[symbol] == 0) continue;
    if (symbol >= tc_huffman_symbols) return 0;
    uint32_t key = counts[symbol] << 7 | (uint32_t)symbol;
    int i = s->count++;
    for (; i > 0 && s->keys[i - 1] > key; i--) s->keys[i] = s->keys[i - 1];
    s->keys[i] = key;
  }
  return s->count >= 2;
}

// How many symbols have each depth in a Huffman tree, by the method of two queues: leaves in rising
// order, and the nodes made of them, which come out in rising order too.
static void tree_depths(const sorted_symbols *s, int per_depth[tc_huffman_symbols]) {
  uint32_t node[tc_huffman_symbols];
  uint8_t parent_of_leaf[tc_huffman_symbols], parent_of_node[tc_huffman_symbols];
  uint8_t depth[tc_huffman_symbols];
  int leaf = 0, low = 0, nodes = s->count - 1;
  for (int made = 0; made < nodes; made++) {
    uint32_t sum = 0;
    for (int child = 0; child < 2; child++) {
      if (leaf < s->count && (low == made || s->keys[leaf] >> 7 <= node[low])) {
        sum += s->keys[leaf] >> 7;
        parent_of_leaf[leaf++] = (uint8_t)made;
      } else {
        sum += node[low];
        parent_of_node[low++] = (uint8_t)made;
      }
    }
    node[made] = sum;
  }
  depth[nodes - 1] = 0;
  for (int i = nodes - 2; i >= 0; i--) depth[i] = (uint8_t)(depth[parent_of_node[i]] + 1);
  for (int i = 0; i < s->count; i++) per_depth[depth[parent_of_leaf[i]] + 1]++;
}

// Cuts depths at 11 and pays for it: as long as the codes of 11 bits are too many, one of them goes
// beside a shorter one, which gets longer.
static void limit_depths(int per_depth[tc_huffman_symbols]) {
  uint32_t total = 0;
  for (int depth = tc_huffman_bits + 1; depth < tc_huffman_symbols; depth++) {
    per_depth[tc_huffman_bits] += per_depth[depth];
  }
  for (int depth = 1; depth <= tc_huffman_bits; depth++) {
    total += (uint32_t)per_depth[depth] << (tc_huffman_bits - depth);
  }
  for (; total > huffman_table; total--) {
    int depth = tc_huffman_bits - 1;
    while (per_depth[depth] == 0) depth--;
    per_depth[depth]--;
    per_depth[depth + 1] += 2;
    per_depth[tc_huffman_bits]--;
  }
}

int tc_huffman_lengths(const uint32_t counts[256], uint8_t lengths[tc_huffman_symbols]) {
  sorted_symbols sorted;
  int per_depth[tc_huffman_symbols] = {0}, highest = 0;
  if (!sort_symbols(counts, &sorted)) return 0;
  tree_depths(&sorted, per_depth);
  limit_depths(per_depth);
  __builtin_memset(lengths, 0, tc_huffman_symbols);
  for (int depth = tc_huffman_bits, i = 0; depth > 0; depth--) {
    for (int k = 0; k < per_depth[depth]; k++) {
      int symbol = sorted.keys[i++] & (tc_huffman_symbols - 1);
      lengths[symbol] = (uint8_t)depth;
      if (symbol > highest) highest = symbol;
    }
  }
  return highest;
}

int tc_huffman_codes(const uint8_t lengths[tc_huffman_symbols],
                     uint16_t codes[tc_huffman_symbols]) {
  int per_length[tc_huffman_bits + 2] = {0}, next[tc_huffman_bits + 2] = {0}, longest = 0;
  for (int symbol = 0; symbol < tc_huffman_symbols; symbol++) {
    per_length[lengths[symbol]]++;
    if (lengths[symbol] > longest) longest = lengths[symbol];
  }
  for (int length = longest - 1; length > 0; length--) {
    next[length] = (next[length + 1] + per_length[length + 1]) >> 1;
  }
  for (int symbol = 0; symbol < tc_huffman_symbols; symbol++) {
    codes[symbol] = lengths[symbol] == 0 ? 0 : (uint16_t)next[lengths[symbol]]++;
  }
  return longest;
}
