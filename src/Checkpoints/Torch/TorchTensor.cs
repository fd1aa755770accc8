using System.Buffers.Binary;

namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// A tensor as a checkpoint stores it: a view of a storage by offset, shape and strides, all in elements. Strides need not be
/// those of a contiguous tensor (channels-last weights are not).
/// </summary>
internal sealed class TorchTensor
{
    private readonly TorchStorage _storage;
    private readonly long _offset;
    private readonly long[] _strides;
    private readonly long[] _shape;

    internal TorchTensor(TorchStorage storage, long offset, long[] shape, long[] strides)
    {
        Validate(storage, offset, shape, strides);
        _storage = storage;
        _offset = offset;
        _shape = shape;
        _strides = strides;
        Elements = shape.Aggregate(1L, (product, dimension) => product * dimension);
    }

    /// <summary>The element type.</summary>
    public TorchDType Type => _storage.Type;

    /// <summary>The dimensions; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape => _shape;

    /// <summary>The number of elements.</summary>
    public long Elements { get; }

    /// <summary>The values in row-major order, as single-precision floats (wider types are rounded to nearest).</summary>
    /// <exception cref="CheckpointException">The storage's record is missing or too short.</exception>
    public float[] ToFloat32()
    {
        var values = new float[Elements];
        if (values.Length == 0)
        {
            return values;
        }

        ReadOnlySpan<byte> bytes = _storage.Bytes;
        Span<long> index = stackalloc long[_shape.Length];
        index.Clear();
        var position = _offset;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Read(bytes, position);

            // The next index in row-major order; the position follows by the strides.
            for (var d = _shape.Length - 1; d >= 0; d--)
            {
                position += _strides[d];
                if (++index[d] < _shape[d])
                {
                    break;
                }

                position -= _strides[d] * _shape[d];
                index[d] = 0;
            }
        }

        return values;
    }

    /// <summary>The indices of an element, such as <c>[3, 0, 1, 1]</c>.</summary>
    /// <param name="element">Its place in row-major order.</param>
    public string IndexOf(long element)
    {
        var index = new long[_shape.Length];
        for (var d = _shape.Length - 1; d >= 0; d--)
        {
            (element, index[d]) = Math.DivRem(element, _shape[d]);
        }

        return $"[{string.Join(", ", index)}]";
    }

    private float Read(ReadOnlySpan<byte> bytes, long position)
    {
        var element = bytes.Slice(checked((int)(position * Type.ByteSize())), Type.ByteSize());
        return Type switch
        {
            TorchDType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(element),
            TorchDType.Float16 => (float)BinaryPrimitives.ReadHalfLittleEndian(element),
            TorchDType.BFloat16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
            TorchDType.Float64 => (float)BinaryPrimitives.ReadDoubleLittleEndian(element),
            TorchDType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(element),
            TorchDType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(element),
            TorchDType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(element),
            TorchDType.Int8 => (sbyte)element[0],
            _ => element[0],
        };
    }

    private static void Validate(TorchStorage storage, long offset, long[] shape, long[] strides)
    {
        if (shape.Length > CheckpointLimits.TensorRank || shape.Length != strides.Length)
        {
            throw Malformed(
                storage,
                $"shape [{string.Join(", ", shape)}] with strides [{string.Join(", ", strides)}]; "
                + $"expected equally many, at most {CheckpointLimits.TensorRank}");
        }

        // Before anything is added to it: a sum beyond 64 bits would come out small again.
        if (offset < 0 || offset > storage.Elements)
        {
            throw Malformed(storage, $"offset {offset}; the storage has {storage.Elements} elements");
        }

        long elements = 1;
        var last = offset;
        for (var d = 0; d < shape.Length; d++)
        {
            if (shape[d] < 0 || strides[d] < 0
                || shape[d] > CheckpointLimits.TensorElements || strides[d] > CheckpointLimits.TensorElements)
            {
                throw Malformed(
                    storage,
                    $"shape [{string.Join(", ", shape)}] with strides [{string.Join(", ", strides)}]; "
                    + $"expected 0 to {CheckpointLimits.TensorElements} each");
            }

            elements *= shape[d];
            if (elements > CheckpointLimits.TensorElements)
            {
                throw new CheckpointException(
                    CheckpointErrorCode.TooLarge,
                    $"A tensor of shape [{string.Join(", ", shape)}] was declared; "
                    + $"at most {CheckpointLimits.TensorElements} elements are read.");
            }

            last += Math.Max(shape[d] - 1, 0) * strides[d];
        }

        if (elements > 0 && last >= storage.Elements)
        {
            throw Malformed(
                storage,
                $"offset {offset}, shape [{string.Join(", ", shape)}], strides [{string.Join(", ", strides)}]; "
                + $"the storage has {storage.Elements} elements");
        }
    }

    private static CheckpointException Malformed(TorchStorage storage, string found) =>
        new(CheckpointErrorCode.Malformed, $"A tensor does not fit its storage '{storage.Key}': {found}.");
}
