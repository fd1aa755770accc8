using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Registry;

/// <summary>Which model is current: <c>models/current.json</c>.</summary>
/// <param name="Name">Name of the model.</param>
/// <param name="Version">Its version.</param>
/// <param name="Sha256">SHA-256 of the ONNX file, 64 hex digits.</param>
/// <param name="Blob">Name of the ONNX blob in container <c>models</c>.</param>
public sealed record ModelPointer(string Name, string Version, string Sha256, string Blob)
{
    /// <summary>Always 1.</summary>
    public int SchemaVersion { get; } = 1;

    /// <summary>What was current before, as <c>name/version</c>: where a rollback goes. Null for the first model.</summary>
    public string? Previous { get; init; }

    /// <summary>The model as <c>name/version</c>.</summary>
    [JsonIgnore]
    public string Id => $"{Name}/{Version}";

    /// <summary>Tells this model from every other one: its version, too, because versions may share a file and have other forms.</summary>
    [JsonIgnore]
    internal string Key => $"{Blob} {Sha256.ToLowerInvariant()}";
}
