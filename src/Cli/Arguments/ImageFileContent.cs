namespace Nanodet.Serverless.Cli.Arguments;

/// <summary>What was read of an image file.</summary>
/// <param name="Bytes">Its bytes; of one that is larger than the limit no more than show that.</param>
/// <param name="Length">Its length, in bytes.</param>
internal sealed record ImageFileContent(ReadOnlyMemory<byte> Bytes, long Length);
