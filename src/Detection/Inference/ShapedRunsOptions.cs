namespace Nanodet.Detection.Inference;

/// <summary>Which sessions are made for a shape, and how.</summary>
/// <param name="Steps">In the order in which they are made; the first one makes the shape ready.</param>
/// <param name="Builders">How many sessions are made at a time.</param>
internal sealed record ShapedRunsOptions(IReadOnlyList<ShapeStep> Steps, int Builders)
{
    // cuDNN compiles the plans of a process one after the other. On one H100 four builders had twelve shapes of a float32 model ready in
    // 4.4 s instead of 7.7 s, but with the float16 model the process came to a stop there: why is not known.
    private const int BuildersOnCuda = 1;

    // A larger size pays after this many of its runs.
    private const int WorthMaking = 4;

    // Seconds of a processor for plans in float16 pay later than that.
    private const int WorthPlanning = 64;

    // Those first that gain the most.
    private static readonly int[] SizesOfOneShape = [1, 8, 32, 64, 16, 4, 2];
    private static readonly int[] SizesOfManyShapes = [1, 8, 32];
    private static readonly int[] ProvisionalSizes = [1, 8, 32];

    /// <summary>The most images of a run.</summary>
    internal int Largest => Steps.Max(step => step.Size);

    /// <summary>One session a size.</summary>
    /// <param name="sizes">Images of a run, in the order in which they are made.</param>
    /// <param name="builders">How many are made at a time.</param>
    internal static ShapedRunsOptions Of(IEnumerable<int> sizes, int builders) =>
        new([.. sizes.Select((size, index) => new ShapeStep(size, index == 0 ? 0 : (long)WorthMaking * size))], builders);

    /// <summary>What fits a model.</summary>
    /// <param name="keepsRatio">Whether its images have many shapes.</param>
    /// <param name="isBatchFixed">Whether its graph takes one image.</param>
    /// <param name="isHalf">Whether it has depthwise convolutions in float16, which take cuDNN seconds to plan.</param>
    internal static ShapedRunsOptions For(bool keepsRatio, bool isBatchFixed, bool isHalf)
    {
        int[] sizes = isBatchFixed ? [1] : keepsRatio ? SizesOfManyShapes : SizesOfOneShape;
        if (!isHalf)
        {
            return Of(sizes, BuildersOnCuda);
        }

        var provisional = Of(sizes.Intersect(ProvisionalSizes), BuildersOnCuda).Steps.Select(step => step with { IsProvisional = true });
        var planned = sizes.Select(size => new ShapeStep(size, (long)WorthPlanning * size));
        return new ShapedRunsOptions([.. provisional, .. planned], BuildersOnCuda);
    }
}
