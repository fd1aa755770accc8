using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Modules;

/// <summary>A <c>norm_cfg</c>: batch or group normalisation.</summary>
/// <param name="Epsilon">Added to the variance; 1e-5 unless the config says otherwise.</param>
/// <param name="Groups">Number of channel groups of a group normalisation; null for a batch normalisation.</param>
internal sealed record Normalization(double Epsilon = 1e-5, int? Groups = null)
{
    /// <summary>Plain batch normalisation.</summary>
    public static Normalization Batch { get; } = new();

    /// <summary>What a convolution module calls it.</summary>
    public string ModuleName => Groups is null ? "bn" : "gn";

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
        var epsilon = node.Number("eps", 1e-5, 0, 1);
        return type switch
        {
            "BN" or "SyncBN" => new Normalization(epsilon),
            "GN" => new Normalization(epsilon, node.Integer("num_groups", null, 1, 65_536)),
            _ => throw node.Required("type").Invalid($"'{type}' is no normalisation; known are BN, SyncBN and GN"),
        };
    }
}
