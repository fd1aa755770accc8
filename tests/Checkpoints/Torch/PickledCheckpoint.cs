using System.Buffers.Binary;
using System.Globalization;
using Nanodet.Checkpoints.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

/// <summary>
/// Writes complete checkpoints opcode by opcode, as a dictionary with whatever stands beside the weights, in the zip form and in the one from
/// before PyTorch 1.6.
/// </summary>
internal static class PickledCheckpoint
{
    private static readonly byte[] LegacyMagic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    /// <summary>A checkpoint.</summary>
    /// <param name="legacy">Whether in the form from before PyTorch 1.6.</param>
    /// <param name="tensors">The weights, single precision.</param>
    /// <param name="beside">Writes keys and values that stand before <c>state_dict</c>; storages that it names begin at "extra".</param>
    /// <param name="within">Writes keys and values that stand among the weights.</param>
    /// <param name="extra">The storages that those name: key, elements and bytes.</param>
    public static byte[] Write(
        bool legacy,
        IReadOnlyList<TorchTensorData> tensors,
        Action<PickleBuilder>? beside = null,
        Action<PickleBuilder>? within = null,
        params IReadOnlyList<(string Key, long Elements, byte[] Bytes)> extra)
    {
        var pickle = new PickleBuilder().Op("}(");
        beside?.Invoke(pickle);
        pickle.Text("state_dict").OrderedDict().Op("(");
        for (var i = 0; i < tensors.Count; i++)
        {
            var shape = tensors[i].Shape.Select(side => (long)side).ToArray();
            var strides = new long[shape.Length];
            var elements = 1L;
            for (var d = shape.Length - 1; d >= 0; d--)
            {
                (strides[d], elements) = (elements, elements * shape[d]);
            }

            pickle.Text(tensors[i].Name).Tensor("FloatStorage", Key(i), elements, 0, shape, strides);
        }

        within?.Invoke(pickle);
        var root = pickle.Op("uu.").ToArray();
        List<(string Key, long Elements, byte[] Bytes)> storages =
            [.. extra, .. tensors.Select((tensor, i) => (Key(i), tensor.Bytes.Length / (long)sizeof(float), tensor.Bytes.ToArray()))];
        return legacy ? Legacy(root, storages) : Zip(root, storages);
    }

    private static byte[] Zip(byte[] root, List<(string Key, long Elements, byte[] Bytes)> storages) => ArchiveBuilder.Zip(
        [("archive/data.pkl", root), .. storages.Select(storage => ($"archive/data/{storage.Key}", storage.Bytes)), ("archive/version", "3\n"u8.ToArray())]);

    private static byte[] Legacy(byte[] root, List<(string Key, long Elements, byte[] Bytes)> storages)
    {
        using var file = new MemoryStream();
        file.Write([.. LegacyMagic, .. Number(1001), .. Number(0), .. root]);
        var keys = new PickleBuilder().Op("](");
        foreach (var storage in storages)
        {
            keys.Text(storage.Key);
        }

        file.Write(keys.Op("e.").ToArray());
        var length = new byte[sizeof(long)];
        foreach (var storage in storages)
        {
            BinaryPrimitives.WriteInt64LittleEndian(length, storage.Elements);
            file.Write(length);
            file.Write(storage.Bytes);
        }

        return file.ToArray();
    }

    private static byte[] Number(int value) => new PickleBuilder().Integer(value).Op(".").ToArray();

    private static string Key(int index) => index.ToString(CultureInfo.InvariantCulture);
}
