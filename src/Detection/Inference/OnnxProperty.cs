using System.Text;

namespace Nanodet.Detection.Inference;

/// <summary>Reads a property of an ONNX file's metadata before there is a session.</summary>
internal static class OnnxProperty
{
    // StringStringEntryProto { string key = 1; string value = 2; }: field 1 and field 2, both of wire type 2.
    private const byte Key = 0x0A;
    private const byte Value = 0x12;

    /// <summary>A short property; null where the file does not have it.</summary>
    /// <param name="model">The bytes of an ONNX file.</param>
    /// <param name="name">Its name, of at most 127 bytes.</param>
    internal static string? Find(ReadOnlySpan<byte> model, string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        byte[] field = [Key, checked((byte)bytes.Length), .. bytes, Value];
        var at = model.LastIndexOf(field);
        if (at < 0 || at + field.Length >= model.Length)
        {
            return null;
        }

        // One byte of length: what is longer than 127 bytes is no property that is read here.
        var length = model[at + field.Length];
        var value = model[(at + field.Length + 1)..];
        return length < 0x80 && length <= value.Length ? Encoding.UTF8.GetString(value[..length]) : null;
    }
}
