using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;

namespace Nanodet.Detection.Detectors;

/// <summary>
/// A model file that was loaded on this machine's CPU, ran, and gave the answers of its parity fixture. There is no other way to get one.
/// </summary>
public sealed class VerifiedModel
{
    // A foreign model has no name of its own; its version tells it from others.
    private const string ForeignName = "foreign";
    private const string ConfigName = "model.yml";

    private VerifiedModel(byte[] onnx, byte[]? config, NanodetModel loaded, ParityResult parity)
    {
        Onnx = onnx;
        Config = config;
        Description = loaded.Description;
        Name = loaded.Description.Name;
        Version = loaded.Version;
        Sha256 = loaded.Sha256;
        Parity = parity;
    }

    /// <summary>The ONNX file.</summary>
    public ReadOnlyMemory<byte> Onnx { get; }

    /// <summary>The NanoDet config of a foreign model, UTF-8 YAML; null for a model that describes itself.</summary>
    public ReadOnlyMemory<byte>? Config { get; }

    /// <summary>What the model is.</summary>
    public ModelDescription Description { get; }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>Its version: the one that was given, or the first 12 digits of its SHA-256.</summary>
    public string Version { get; }

    /// <summary>SHA-256 of the ONNX file, 64 lower-case hex digits.</summary>
    public string Sha256 { get; }

    /// <summary>What replaying the parity fixture showed.</summary>
    public ParityResult Parity { get; }

    /// <summary>Verifies a model.</summary>
    /// <param name="onnx">The ONNX file.</param>
    /// <param name="config">The NanoDet config of a foreign model, UTF-8 YAML; null for a model that describes itself.</param>
    /// <param name="version">Its version; null for the first 12 digits of its SHA-256.</param>
    /// <param name="mustDetect">Whether a model whose output cannot be read as detections is refused.</param>
    /// <exception cref="ModelLoadException">It is no NanoDet model, does not reproduce its parity fixture, or detects nothing.</exception>
    /// <exception cref="Natives.EnvironmentException">This machine lacks what running a model needs.</exception>
    public static VerifiedModel Verify(byte[] onnx, byte[]? config = null, string? version = null, bool mustDetect = true)
    {
        ArgumentNullException.ThrowIfNull(onnx);
        using var loaded = NanodetModel.Load(
            onnx,
            new ModelOptions { Provider = ExecutionProvider.Cpu, Version = version },
            () => config is null ? null : ForeignModelConfig.Read(config, ForeignName, ConfigName));
        if (mustDetect)
        {
            _ = new Detector(loaded);
        }

        var parity = ParityFixture.Verify(loaded);
        parity.EnsurePassed();
        return new VerifiedModel(onnx, config, loaded, parity);
    }
}
