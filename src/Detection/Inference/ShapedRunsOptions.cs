namespace Nanodet.Detection.Inference;

/// <summary>Which sizes of runs are made for a shape, and how.</summary>
/// <param name="Sizes">Images of a run, in the order in which they are made; the first one makes the shape ready.</param>
/// <param name="Builders">
/// How many sessions are made at a time. On CUDA one: cuDNN makes the plans of a process one after the other, and on one H100 six sessions
/// took 14 s side by side, as long as one after the other.
/// </param>
internal sealed record ShapedRunsOptions(IReadOnlyList<int> Sizes, int Builders)
{
    /// <summary>Sizes for a model whose every image has one shape: those first that gain the most.</summary>
    internal static IReadOnlyList<int> SizesOfOneShape { get; } = [1, 8, 32, 64, 16, 4, 2];

    /// <summary>Sizes for a model that keeps the ratio of its images.</summary>
    internal static IReadOnlyList<int> SizesOfManyShapes { get; } = [1, 8, 32];

    /// <summary>The most images of a run.</summary>
    internal int Largest => Sizes.Max();

    /// <summary>What fits a model.</summary>
    /// <param name="keepsRatio">Whether its images have many shapes.</param>
    /// <param name="isBatchFixed">Whether its graph takes one image.</param>
    internal static ShapedRunsOptions For(bool keepsRatio, bool isBatchFixed)
    {
        var sizes = isBatchFixed ? [1] : keepsRatio ? SizesOfManyShapes : SizesOfOneShape;
        return new ShapedRunsOptions(sizes, Builders: 1);
    }
}
