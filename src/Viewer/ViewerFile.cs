namespace Nanodet.Serverless.Viewer;

/// <summary>A file of the viewer.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Etag">Tells this content from another one, with quotes.</param>
public sealed record ViewerFile(ReadOnlyMemory<byte> Content, string ContentType, string Etag);
