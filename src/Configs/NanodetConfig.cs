namespace Nanodet.Configs;

/// <summary>
/// The parts of a NanoDet training config that inference depends on. The architecture's own sections stay nodes: each part of the
/// network reads its own, with the defaults of its official constructor.
/// </summary>
internal sealed record NanodetConfig
{
    /// <summary>The section <c>model.arch</c>.</summary>
    public required ConfigNode Architecture { get; init; }

    /// <summary>The section <c>model.arch.head</c>.</summary>
    public required ConfigNode Head { get; init; }

    /// <summary>Class names in label order; as many as the head has classes.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Configured input width in pixels.</summary>
    public required int InputWidth { get; init; }

    /// <summary>Configured input height in pixels.</summary>
    public required int InputHeight { get; init; }

    /// <summary>True where the image's aspect ratio is kept.</summary>
    public required bool KeepRatio { get; init; }

    /// <summary>Channel means for pixel values 0..255, in the order blue, green, red.</summary>
    public required IReadOnlyList<double> Mean { get; init; }

    /// <summary>Channel standard deviations, as <see cref="Mean"/>.</summary>
    public required IReadOnlyList<double> Std { get; init; }

    /// <summary>What the reader wants its user to know, in sentences.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The section <c>model.arch.backbone</c>, or null; <see cref="Backbone"/> for whoever needs it.</summary>
    public required ConfigNode? OptionalBackbone { get; init; }

    /// <summary>The section <c>model.arch.backbone</c>.</summary>
    public ConfigNode Backbone => OptionalBackbone ?? Architecture.Required("backbone");

    /// <summary>The section <c>model.arch.fpn</c>.</summary>
    public ConfigNode Neck => Architecture.Required("fpn");

    /// <summary>Refuses a config that names no architecture, or another one than NanoDet's.</summary>
    /// <exception cref="Exception">It does.</exception>
    public void RequireDetector() => RequireDetector(Architecture.Required("name"));

    /// <summary>Refuses architectures other than NanoDet's.</summary>
    /// <param name="name">The setting <c>model.arch.name</c>.</param>
    /// <exception cref="Exception">It names another one.</exception>
    public static void RequireDetector(ConfigNode name)
    {
        if (name.AsText() is not ("OneStageDetector" or "NanoDetPlus" or "GFL"))
        {
            throw name.Invalid($"'{name.AsText()}' is no detector; known are OneStageDetector, NanoDetPlus and GFL");
        }
    }
}
