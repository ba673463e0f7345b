"""Sizes of the models that `make bench-train` trains, and GGUF files of them with random weights: train_shapes.py NAME FILE."""
import sys

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SHAPES = {
    "135m": dict(architecture="llama", layers=30, hidden=576, heads=9, kv_heads=3, feed_forward=1536, vocabulary=49152),
    "0.5b": dict(architecture="qwen2", layers=24, hidden=896, heads=14, kv_heads=2, feed_forward=4864, vocabulary=151936),
    "1.5b": dict(architecture="qwen2", layers=28, hidden=1536, heads=12, kv_heads=2, feed_forward=8960, vocabulary=151936),
}


def write(name, path):
    import gguf, numpy

    shape = SHAPES[name]
    hidden, wide = shape["hidden"], shape["feed_forward"]
    dim = hidden // shape["heads"]
    kv = dim * shape["kv_heads"]
    file = gguf.GGUFWriter(path, shape["architecture"])
    file.add_context_length(32768)
    file.add_embedding_length(hidden)
    file.add_block_count(shape["layers"])
    file.add_feed_forward_length(wide)
    file.add_head_count(shape["heads"])
    file.add_head_count_kv(shape["kv_heads"])
    file.add_layer_norm_rms_eps(1e-6)
    file.add_vocab_size(shape["vocabulary"])
    file.add_rope_freq_base(1000000.0)
    file.add_rope_dimension_count(dim)
    random = numpy.random.default_rng(0)

    def matrix(name, rows, columns):
        # 64 random rows again and again: the speed does not depend on the numbers.
        some = gguf.quantize(random.normal(0, 0.02, (64, columns)).astype("float32"), gguf.GGMLQuantizationType.Q8_0)
        data = numpy.tile(some, ((rows + 63) // 64, 1))[:rows]
        file.add_tensor(name + ".weight", data, raw_dtype=gguf.GGMLQuantizationType.Q8_0)

    def vector(name, size, value):
        file.add_tensor(name, numpy.full(size, value, "float32"))

    matrix("token_embd", shape["vocabulary"], hidden)
    vector("output_norm.weight", hidden, 1.0)
    for layer in range(shape["layers"]):
        block = f"blk.{layer}."
        vector(block + "attn_norm.weight", hidden, 1.0)
        vector(block + "ffn_norm.weight", hidden, 1.0)
        for part, rows in [("attn_q", hidden), ("attn_k", kv), ("attn_v", kv)]:
            matrix(block + part, rows, hidden)
            if shape["architecture"] == "qwen2":
                vector(block + part + ".bias", rows, 0.01)
        matrix(block + "attn_output", hidden, hidden)
        matrix(block + "ffn_gate", wide, hidden)
        matrix(block + "ffn_up", wide, hidden)
        matrix(block + "ffn_down", hidden, wide)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2])
