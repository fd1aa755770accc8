namespace Nanodet.Detection.Forms;

/// <summary>A form of a version, as its manifest names it.</summary>
/// <param name="Form">Which one.</param>
/// <param name="Sha256">SHA-256 of its ONNX file, 64 lower-case hex digits.</param>
/// <param name="Bytes">Size of the file.</param>
public sealed record FormEntry(ModelForm Form, string Sha256, long Bytes);
