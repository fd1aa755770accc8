namespace Nanodet.Serverless.Cli.Commands;

/// <summary>What an ONNX file says of itself.</summary>
/// <param name="Sha256">SHA-256 of the file.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Metadata">The entries of its metadata.</param>
internal sealed record ModelSummary(string Sha256, long Bytes, IReadOnlyDictionary<string, string> Metadata);
