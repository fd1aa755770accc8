using Nanodet.Checkpoints.Architectures;

namespace Nanodet.Serverless.Checkpoints.Tests.Optimization;

/// <summary>Into how many tensors a convolution's channels go.</summary>
public class ChannelPartitionTests
{
    [Fact]
    public void Optimize_LargeMapWhoseHalvesGoDifferentWays_IsTwoTensors()
    {
        var twin = new LayerTwin(HalvesToTwoConvolutions, 48, 48).AssertEqual();

        Assert.Equal([32, 3, 1, 1], twin.Weight("first.0").Dims);
        Assert.Equal([32, 3, 1, 1], twin.Weight("first.1").Dims);
        Assert.Equal([64, 32, 1, 1], twin.Weight("left").Dims);
        Assert.Equal([64, 32, 1, 1], twin.Weight("right").Dims);
    }

    [Fact]
    public void Optimize_SmallMapWhoseHalvesGoDifferentWays_IsOneTensorWithZeroWeights()
    {
        // Another node would cost more than it saves on 4 x 4 pixels.
        var twin = new LayerTwin(HalvesToTwoConvolutions, 4, 4).AssertEqual();

        Assert.Equal([48, 3, 1, 1], twin.Weight("first").Dims);
        Assert.Equal([64, 48, 1, 1], twin.Weight("left").Dims);
        Assert.Equal([64, 48, 1, 1], twin.Weight("right").Dims);
    }

    private static FeatureMap HalvesToTwoConvolutions(NetworkBuilder network, FeatureMap x)
    {
        var (left, right) = network.Split(GraphOptimizerTests.Unit(network, x, "first", 46), 23, "split");
        left = GraphOptimizerTests.Unit(network, left, "left", 64);
        right = GraphOptimizerTests.Unit(network, right, "right", 64);
        return GraphOptimizerTests.Convolution(network, network.Concat(left, right, "concat"), "last", 16);
    }
}
