using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Nanodet.Checkpoints.Torch;

/// <summary>
/// Writes a checkpoint that <c>torch.load</c> reads: <c>{"state_dict": OrderedDict}</c> in the zip format of <c>torch.save</c>, one
/// storage per tensor, contiguous. For weights that come from elsewhere than PyTorch.
/// </summary>
public static class TorchArchiveWriter
{
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes a checkpoint. The same tensors give the same bytes.</summary>
    /// <param name="destination">A seekable stream.</param>
    /// <param name="tensors">The state dict in its order.</param>
    /// <param name="archiveName">The folder inside the archive; PyTorch takes the file's name without ending.</param>
    /// <exception cref="ArgumentException">A tensor's bytes do not fit its shape, or a name comes twice.</exception>
    public static void Write(Stream destination, IReadOnlyList<TorchTensorData> tensors, string archiveName = "archive")
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentNullException.ThrowIfNull(tensors);
        Validate(tensors);
        using var zip = new ZipArchive(destination, ZipArchiveMode.Create, leaveOpen: true);
        Add(zip, $"{archiveName}/data.pkl", Pickle(tensors));
        for (var key = 0; key < tensors.Count; key++)
        {
            Add(zip, $"{archiveName}/data/{key.ToString(CultureInfo.InvariantCulture)}", tensors[key].Bytes.Span);
        }

        Add(zip, $"{archiveName}/version", "3\n"u8);
    }

    private static void Validate(IReadOnlyList<TorchTensorData> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            var expected = Elements(tensor) * tensor.Type.ByteSize();
            if (tensor.Bytes.Length != expected)
            {
                throw new ArgumentException(
                    $"'{tensor.Name}' needs {expected} bytes for its shape and has {tensor.Bytes.Length}.",
                    nameof(tensors));
            }

            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"'{tensor.Name}' comes twice.", nameof(tensors));
            }
        }
    }

    private static int Elements(TorchTensorData tensor) => tensor.Shape.Aggregate(1, (product, dimension) => checked(product * dimension));

    private static void Add(ZipArchive zip, string name, ReadOnlySpan<byte> content)
    {
        var entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
        entry.LastWriteTime = Epoch;
        using var stream = entry.Open();
        stream.Write(content);
    }

    // Pickle protocol 2, as torch.save uses it: {'state_dict': OrderedDict((name, _rebuild_tensor_v2(storage, 0, shape, strides,
    // False, OrderedDict())), ...)}, a storage being the persistent id ('storage', class, key, 'cpu', elements).
    private static byte[] Pickle(IReadOnlyList<TorchTensorData> tensors)
    {
        using var pickle = new MemoryStream();
        pickle.Write([0x80, 2]);
        Op('}');
        Text("state_dict");
        Call("collections", "OrderedDict");
        Op('(');
        for (var key = 0; key < tensors.Count; key++)
        {
            Tensor(tensors[key], key);
        }

        Op('u');
        Op('s');
        Op('.');
        return pickle.ToArray();

        void Tensor(TorchTensorData tensor, int key)
        {
            Text(tensor.Name);
            Global("torch._utils", "_rebuild_tensor_v2");
            Op('(');
            Op('(');
            Text("storage");
            Global("torch", TorchDTypes.StorageClasses.First(pair => pair.Value == tensor.Type).Key);
            Text(key.ToString(CultureInfo.InvariantCulture));
            Text("cpu");
            Integer(Elements(tensor));
            Op('t');
            Op('Q');
            Integer(0);
            Integers(tensor.Shape);
            Integers(Strides(tensor.Shape));
            pickle.WriteByte(0x89);
            Call("collections", "OrderedDict");
            Op('t');
            Op('R');
        }

        void Call(string module, string name)
        {
            Global(module, name);
            Op(')');
            Op('R');
        }

        void Global(string module, string name)
        {
            Op('c');
            pickle.Write(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));
        }

        void Integers(IReadOnlyList<int> values)
        {
            Op('(');
            foreach (var value in values)
            {
                Integer(value);
            }

            Op('t');
        }

        void Integer(int value)
        {
            Span<byte> bytes = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
            Op('J');
            pickle.Write(bytes);
        }

        void Text(string text)
        {
            var utf8 = Encoding.UTF8.GetBytes(text);
            Span<byte> length = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
            Op('X');
            pickle.Write(length);
            pickle.Write(utf8);
        }

        void Op(char opcode) => pickle.WriteByte((byte)opcode);
    }

    private static int[] Strides(IReadOnlyList<int> shape)
    {
        var strides = new int[shape.Count];
        var stride = 1;
        for (var dimension = shape.Count - 1; dimension >= 0; dimension--)
        {
            strides[dimension] = stride;
            stride *= Math.Max(shape[dimension], 1);
        }

        return strides;
    }
}
