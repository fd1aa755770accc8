namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// One storage of a checkpoint: a run of elements that one or several tensors view. Its bytes are read when first asked for, so
/// that optimizer states and other training leftovers cost nothing.
/// </summary>
internal sealed class TorchStorage(string key, TorchDType type, long elements, Func<byte[]> read)
{
    private readonly Lazy<byte[]> _bytes = new(read);

    /// <summary>The storage's name inside the archive.</summary>
    public string Key { get; } = key;

    /// <summary>The type of its elements.</summary>
    public TorchDType Type { get; } = type;

    /// <summary>How many elements it claims to have.</summary>
    public long Elements { get; } = elements;

    /// <summary>Its bytes, little endian.</summary>
    /// <exception cref="CheckpointException">The record is missing or shorter than its elements need.</exception>
    public ReadOnlySpan<byte> Bytes => _bytes.Value;
}
