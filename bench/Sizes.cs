using System.CommandLine;

namespace Nanodet.Serverless.Bench;

/// <summary>The options for the input's size, which only models of dynamic size need.</summary>
internal static class Sizes
{
    /// <summary><c>--height</c>.</summary>
    public static Option<int> Height() =>
        new("--height") { Description = "Height of the input where the model leaves it open.", DefaultValueFactory = _ => 416 };

    /// <summary><c>--width</c>.</summary>
    public static Option<int> Width() =>
        new("--width") { Description = "Width of the input where the model leaves it open.", DefaultValueFactory = _ => 416 };
}
