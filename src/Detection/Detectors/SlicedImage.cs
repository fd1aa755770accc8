using Nanodet.Detection.Description;
using Nanodet.Detection.Postprocessing;
using Nanodet.Detection.Preprocessing;
using Nanodet.Detection.Slicing;

namespace Nanodet.Detection.Detectors;

/// <summary>An image whose tiles are detected one by one, in whatever runs they come to; the last one makes the image's outcome.</summary>
/// <param name="task">The image, decoded.</param>
/// <param name="tiles">Its tiles.</param>
internal sealed class SlicedImage(ImageTask task, IReadOnlyList<Tile> tiles)
{
    private readonly Lock _gate = new();
    private readonly DetectedObject[]?[] _found = new DetectedObject[tiles.Count][];
    private int _open = tiles.Count;
    private int _runSize;
    private double _preprocessMs;
    private double _inferenceMs;
    private double _postprocessMs;

    internal ImageTask Task { get; } = task;

    internal int Count => tiles.Count;

    /// <summary>A task for each tile.</summary>
    /// <param name="input">The model's input.</param>
    internal IEnumerable<ImageTask> Parts(ModelInput input)
    {
        for (var i = 0; i < tiles.Count; i++)
        {
            yield return new ImageTask(Task.Index, default, Task.Header, Task.WasPacked)
            {
                Part = new SlicePart(this, tiles[i], i),
                Geometry = InputGeometry.Create(tiles[i].Width, tiles[i].Height, input),
            };
        }
    }

    /// <summary>Takes what was found in a tile.</summary>
    /// <param name="part">The tile's task.</param>
    /// <param name="found">Its detections, in pixels of the tile.</param>
    /// <param name="runSize">Tiles and images that shared its run.</param>
    /// <param name="inferenceMs">Its share of the run.</param>
    /// <param name="postprocessMs">How long its output took.</param>
    /// <returns>True for the last one.</returns>
    internal bool Add(ImageTask part, DetectedObject[] found, int runSize, double inferenceMs, double postprocessMs)
    {
        lock (_gate)
        {
            _found[part.Part!.Index] = found;
            _runSize = Math.Max(_runSize, runSize);
            _preprocessMs += part.PreprocessMs;
            _inferenceMs += inferenceMs;
            _postprocessMs += postprocessMs;
            return --_open == 0;
        }
    }

    /// <summary>The image's outcome, once every tile is there.</summary>
    /// <param name="detections">What <see cref="Merge"/> gave, as far as it counts.</param>
    /// <param name="mergeMs">How long merging took.</param>
    internal DetectionOutcome ToOutcome(IReadOnlyList<DetectedObject> detections, double mergeMs) => new()
    {
        Width = Task.Geometry.ImageWidth,
        Height = Task.Geometry.ImageHeight,
        Detections = detections,
        Notes = Task.Notes,
        RunSize = _runSize,
        Timings = new StageTimings(Task.DecodeMs, _preprocessMs, _inferenceMs, _postprocessMs + mergeMs),
    };

    /// <summary>The detections of all tiles, merged; once every tile is there.</summary>
    internal DetectedObject[] Merge(SliceOptions options, float iouThreshold, int most)
    {
        var (width, height) = (Task.Geometry.ImageWidth, Task.Geometry.ImageHeight);
        return tiles.Count == 1
            ? _found[0]!
            : SliceMerger.Merge(
                [.. tiles.SelectMany((tile, i) => _found[i]!.Select(found => new Piece(found, tile, width, height, i)))],
                options.Merge,
                iouThreshold,
                most);
    }
}
