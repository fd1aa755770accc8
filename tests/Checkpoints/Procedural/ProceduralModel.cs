using System.Text.Json;

namespace Nanodet.Serverless.Checkpoints.Tests.Procedural;

/// <summary>
/// What the official implementation computes for one config and procedural weights, and where our account of that config differs.
/// A config is covered by an entry in <c>procedural.json</c> and a <c>.yml</c> of the same name beside it; no code.
/// </summary>
internal sealed record ProceduralModel
{
    private static readonly Lazy<IReadOnlyList<ProceduralModel>> Loaded = new(Load);

    public static IReadOnlyList<ProceduralModel> All => Loaded.Value;

    /// <summary>Name of the model and of its config file.</summary>
    public required string Name { get; init; }

    public required int InputWidth { get; init; }

    public required int InputHeight { get; init; }

    /// <summary>1, points, columns.</summary>
    public required int[] OutputShape { get; init; }

    /// <summary>Learned values of the official module without its auxiliary branch.</summary>
    public required long Parameters { get; init; }

    /// <summary>Columns that are class scores.</summary>
    public required int Classes { get; init; }

    /// <summary>Whether the exported class columns are logits, as those of a head without official post-processing.</summary>
    public bool RawScores { get; init; }

    /// <summary>Mean of the absolute values of the whole output before the sigmoid.</summary>
    public required double AbsMean { get; init; }

    /// <summary>Tensors that the official module owns and never reads, with their shapes.</summary>
    public required IReadOnlyDictionary<string, int[]> Unread { get; init; }

    /// <summary>Pairs of a row-major index into the output and the value there, before the sigmoid.</summary>
    public required double[][] Samples { get; init; }

    /// <summary>The config's bytes.</summary>
    public byte[] ReadConfig() => File.ReadAllBytes(Path.Combine(Folder, Name + ".yml"));

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Procedural");

    private static List<ProceduralModel> Load() => JsonSerializer.Deserialize<List<ProceduralModel>>(
        File.ReadAllBytes(Path.Combine(Folder, "procedural.json")), JsonSerializerOptions.Web)!;
}
