using Nanodet.Serverless.Checkpoints.Configs;

namespace Nanodet.Serverless.Checkpoints.Architectures.Modules;

/// <summary>A <c>norm_cfg</c>: batch normalisation with its epsilon, or none.</summary>
/// <param name="Epsilon">Added to the variance; 1e-5 unless the config says otherwise.</param>
internal sealed record Normalization(double Epsilon = 1e-5)
{
    /// <summary>Plain batch normalisation.</summary>
    public static Normalization Batch { get; } = new();

    /// <summary>Reads a <c>norm_cfg</c>; absent means the fallback, null means none.</summary>
    public static Normalization? Read(ConfigNode owner, Normalization? fallback)
    {
        if (!owner.Has("norm_cfg"))
        {
            return fallback;
        }

        var node = owner.Optional("norm_cfg");
        if (node is null)
        {
            return null;
        }

        var type = node.Text("type");
        return type is "BN" or "SyncBN"
            ? new Normalization(node.Number("eps", 1e-5, 0, 1))
            : throw new CheckpointException(
                CheckpointErrorCode.UnsupportedArchitecture, $"Config, {node.Path}: normalisation '{type}' is not built here; BN and SyncBN are.");
    }
}
