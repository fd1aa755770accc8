using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Registry;

/// <summary>A model in the container of models.</summary>
/// <param name="Name">Name of the model.</param>
/// <param name="Version">Its version.</param>
/// <param name="Sha256">SHA-256 of the ONNX file; null where the blob does not carry it.</param>
/// <param name="Bytes">Size of the ONNX file.</param>
/// <param name="PublishedUtc">When it was stored, in UTC.</param>
/// <param name="IsCurrent">Whether the pointer names it.</param>
public sealed record PublishedModel(string Name, string Version, string? Sha256, long Bytes, DateTimeOffset PublishedUtc, bool IsCurrent)
{
    /// <summary>The forms of the version, such as <c>cpu-int8</c>; empty for a model of one file.</summary>
    public IReadOnlyList<string> Forms { get; init; } = [];

    /// <summary>
    /// What its ONNX file computes in: <c>fp32</c>, <c>fp16</c> or <c>int8</c>; null where the blob does not say, such as one that was put
    /// there by hand.
    /// </summary>
    public string? Precision { get; init; }

    /// <summary>The model as <c>name/version</c>.</summary>
    [JsonIgnore]
    public string Id => $"{Name}/{Version}";
}
