namespace Nanodet.Serverless.Pipeline.Publishing;

/// <summary>A checkpoint or a config in storage.</summary>
/// <param name="Name">Name of the blob.</param>
/// <param name="Etag">Its ETag, without quotes: the content that is meant.</param>
/// <param name="Bytes">Its size.</param>
public sealed record CheckpointBlob(string Name, string Etag, long Bytes);
