using Google.Protobuf;
using Nanodet.Checkpoints.Architectures;
using Nanodet.Checkpoints.Graph;
using Nanodet.Checkpoints.Optimization;
using Nanodet.Checkpoints.StateDicts;
using Nanodet.Serverless.TestKit;
using Onnx;

namespace Nanodet.Serverless.Checkpoints.Tests.Optimization;

/// <summary>A few layers with procedural weights, as the plain graph and as the optimised one.</summary>
internal sealed class LayerTwin
{
    private readonly ModelProto _plain;
    private readonly int _height;
    private readonly int _width;

    /// <summary>Writes both graphs.</summary>
    /// <param name="layers">What to make of the input, which has three channels.</param>
    /// <param name="height">Height of the input.</param>
    /// <param name="width">Width of the input.</param>
    public LayerTwin(Func<NetworkBuilder, FeatureMap, FeatureMap> layers, int height = 12, int width = 20)
    {
        (_height, _width) = (height, width);
        var names = new WeightBinder(null);
        _ = Write(layers, names);
        var stateDict = StateDictReader.Read(CheckpointFile.Write(
            [.. names.Declared.Select(pair => CheckpointFile.Procedural(pair.Key, pair.Value)), CheckpointFile.Procedural("head.x", 1)]));
        _plain = Write(layers, new WeightBinder(stateDict));
        Optimized = GraphOptimizer.Optimize(_plain, height, width);
        using var plain = new CpuModel(_plain.ToByteArray());
        using var optimized = new CpuModel(Optimized.ToByteArray());
        var input = ProceduralValues.Symmetric("two inputs", 2 * 3 * height * width);
        (Shape, Expected) = plain.Run(input, 2, 3, height, width);
        (var shape, Actual) = optimized.Run(input, 2, 3, height, width);
        Assert.Equal(Shape, shape);
    }

    /// <summary>The optimised graph.</summary>
    public ModelProto Optimized { get; }

    /// <summary>Shape of the output for a batch of two.</summary>
    public long[] Shape { get; }

    /// <summary>What the plain graph gives.</summary>
    public float[] Expected { get; }

    /// <summary>What the optimised graph gives.</summary>
    public float[] Actual { get; }

    /// <summary>Number of nodes of an operator in the optimised graph.</summary>
    public int Count(string type) => Optimized.Graph.Node.Count(node => node.OpType == type);

    /// <summary>The weights of a convolution of the optimised graph.</summary>
    public TensorProto Weight(string convolution)
    {
        var node = Optimized.Graph.Node.Single(node => node.Name == convolution);
        return Optimized.Graph.Initializer.Single(tensor => tensor.Name == node.Input[1]);
    }

    /// <summary>Asserts that both graphs compute the same, and something.</summary>
    public LayerTwin AssertEqual()
    {
        Close.Assert(Expected, Actual);
        Assert.True(Expected.Max() > Expected.Min() + 0.01, "the output is constant");
        return this;
    }

    private ModelProto Write(Func<NetworkBuilder, FeatureMap, FeatureMap> layers, WeightBinder weights)
    {
        var graph = new OnnxGraph();
        var result = layers(new NetworkBuilder(graph, weights), new FeatureMap("data", 3, _height, _width));
        graph.Node("Identity", "output", [result.Value]);
        return graph.ToModel("layers", ("data", ["batch", 3, _height, _width]), ("output", ["batch", result.Channels, result.Height, result.Width]));
    }
}
