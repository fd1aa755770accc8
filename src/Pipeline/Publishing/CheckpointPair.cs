using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Publishing;

/// <summary>
/// A checkpoint and its config by reference: what travels through orchestrations. Either may still be missing.
/// </summary>
/// <param name="Stem">What their names have in common.</param>
/// <param name="Checkpoint">The checkpoint; null while it is missing.</param>
/// <param name="Config">The config; null while it is missing.</param>
public sealed record CheckpointPair(string Stem, CheckpointBlob? Checkpoint, CheckpointBlob? Config)
{
    /// <summary>Whether both are there.</summary>
    [JsonIgnore]
    public bool IsComplete => Checkpoint is not null && Config is not null;

    /// <summary>
    /// 32 hex digits that stand for exactly these contents: SHA-256 over the stem and both names and ETags. A second event about the same
    /// two blobs has the same, an overwritten blob another one.
    /// </summary>
    [JsonIgnore]
    public string Id => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        $"v1\n{Stem}\n{Checkpoint?.Name}\n{Checkpoint?.Etag}\n{Config?.Name}\n{Config?.Etag}\n")))[..32];

    /// <summary>The id of its orchestration.</summary>
    [JsonIgnore]
    public string InstanceId => $"publish-{Id}";

    /// <summary>The name that its model gets.</summary>
    [JsonIgnore]
    public string ModelName => CheckpointName.ModelOf(Stem);
}
