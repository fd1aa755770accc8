using System.Numerics;
using Nanodet.Checkpoints.Architectures.Backbones;
using Nanodet.Checkpoints.Architectures.Heads;
using Nanodet.Checkpoints.Architectures.Necks;
using Nanodet.Checkpoints.Graph;
using Nanodet.Configs;
using Onnx;

namespace Nanodet.Checkpoints.Architectures;

/// <summary>Backbone, neck and head of one config, and how their outputs become the model's one output.</summary>
internal sealed class DetectorNetwork
{
    /// <summary>
    /// Inputs are padded with 0 to multiples of this, behind the last row and column, after the warp: the official predictor does the same,
    /// whether the ratio is kept or not.
    /// </summary>
    public const int PaddingMultiple = 32;

    private readonly NanodetConfig _config;
    private readonly Backbone _backbone;
    private readonly Neck _neck;

    /// <summary>Reads the architecture of a config.</summary>
    /// <exception cref="CheckpointException">A part is unknown or not built here, or a setting has no meaning.</exception>
    public DetectorNetwork(NanodetConfig config)
    {
        config.RequireDetector();
        _config = config;
        _backbone = Backbone.Read(config.Backbone);
        _neck = Neck.Read(config.Neck);
        Head = Head.Read(config.Head);
        InputWidth = CeilingDivide(config.InputWidth, PaddingMultiple) * PaddingMultiple;
        InputHeight = CeilingDivide(config.InputHeight, PaddingMultiple) * PaddingMultiple;
    }

    /// <summary>Reads the architecture of a config file.</summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <exception cref="CheckpointException">
    /// It is not readable, a part is unknown or not built here, or a setting has no meaning.
    /// </exception>
    public static DetectorNetwork Read(ReadOnlySpan<byte> utf8) => new(NanodetConfigReader.Read(utf8));

    /// <summary>The head.</summary>
    public Head Head { get; }

    /// <summary>Width of the input tensor that the graph was laid out for.</summary>
    public int InputWidth { get; }

    /// <summary>Height of the input tensor that the graph was laid out for.</summary>
    public int InputHeight { get; }

    /// <summary>Whether height and width of the input depend on the image.</summary>
    public bool HasDynamicSize => _config.KeepRatio && !_neck.FixesInputSize;

    /// <summary>Columns of the output.</summary>
    public int Columns => Head.Classes + Head.DistanceColumns;

    /// <summary>Points of the output for the input that the graph was laid out for.</summary>
    public int Points => Head.Strides.Sum(stride => CeilingDivide(InputHeight, stride) * CeilingDivide(InputWidth, stride));

    /// <summary>Writes the whole network.</summary>
    /// <param name="weights">Where the weights come from.</param>
    /// <returns>The model without metadata.</returns>
    /// <exception cref="CheckpointException">The parts do not fit together.</exception>
    public ModelProto Build(WeightBinder weights)
    {
        var graph = new OnnxGraph();
        var network = new NetworkBuilder(graph, weights);
        var image = new FeatureMap("data", 3, InputHeight, InputWidth);
        var features = _backbone.Build(network, image);
        RequireDivisible(features);
        var levels = Head.Build(network, _neck.Build(network, features));
        RequireStrides(levels);

        // [batch, columns, height, width] of each level, flattened and joined, sigmoid on the scores, points before columns.
        var flat = levels.Select((level, index) =>
            graph.Node("Reshape", $"head.flatten.{index}", [level.Value, graph.Integers(0, Columns, -1)])).ToList();
        var joined = graph.Node("Concat", "head.points", flat, OnnxGraph.Attribute("axis", 2L));
        var parts = graph.Node(
            "Split", "head.columns", 2, [joined, graph.Integers(Head.Classes, Head.DistanceColumns)], OnnxGraph.Attribute("axis", 1L));
        var scores = Head.Kind == HeadKind.Raw ? parts[0] : graph.Node("Sigmoid", "head.scores", [parts[0]]);
        var columns = graph.Node("Concat", "head.scored", [scores, parts[1]], OnnxGraph.Attribute("axis", 1L));
        graph.Node("Transpose", "output", [columns], OnnxGraph.Attribute("perm", 0L, 2L, 1L));

        return graph.ToModel(
            "nanodet",
            ("data", HasDynamicSize ? ["batch", 3, "height", "width"] : ["batch", 3, InputHeight, InputWidth]),
            ("output", HasDynamicSize ? ["batch", "points", Columns] : ["batch", Points, Columns]));
    }

    /// <summary>
    /// A neck adds each level to its neighbours, resized by 2: an input that is rounded on its way down cannot come up again.
    /// </summary>
    private void RequireDivisible(IReadOnlyList<FeatureMap> features)
    {
        if (features.Count < 2)
        {
            return;
        }

        var coarsest = features[^1];
        var stride = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(InputHeight / coarsest.Height, InputWidth / coarsest.Width));
        if (InputHeight % stride != 0 || InputWidth % stride != 0)
        {
            throw new CheckpointException(
                CheckpointErrorCode.InvalidConfig,
                $"Config, data.val.input_size: [{_config.InputWidth}, {_config.InputHeight}] was given, which is padded to "
                + $"{InputWidth} x {InputHeight}; this backbone needs multiples of {stride}. Set "
                + $"[{CeilingDivide(InputWidth, stride) * stride}, {CeilingDivide(InputHeight, stride) * stride}].");
        }
    }

    private void RequireStrides(IReadOnlyList<FeatureMap> levels)
    {
        for (var index = 0; index < levels.Count; index++)
        {
            var stride = Head.Strides[index];
            if (levels[index].Height != CeilingDivide(InputHeight, stride) || levels[index].Width != CeilingDivide(InputWidth, stride))
            {
                throw new CheckpointException(
                    CheckpointErrorCode.InvalidConfig,
                    $"Config, model.arch.head.strides[{index}]: stride {stride} of an input of {InputWidth} x {InputHeight} makes "
                    + $"{CeilingDivide(InputWidth, stride)} x {CeilingDivide(InputHeight, stride)} points, "
                    + $"the network makes {levels[index].Width} x {levels[index].Height}.");
            }
        }
    }

    private static int CeilingDivide(int value, int divisor) => (value + divisor - 1) / divisor;
}
