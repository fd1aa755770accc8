using Nanodet.Checkpoints.Architectures.Modules;

namespace Nanodet.Serverless.Checkpoints.Tests.Optimization;

public class SimplificationTests
{
    [Fact]
    public void Optimize_PRelu_BecomesALeakyRelu()
    {
        var twin = new LayerTwin((network, x) => network.Activate(GraphOptimizerTests.Convolution(network, x, "conv", 24), Activation.PReLU, "act")).AssertEqual();

        Assert.Equal((0, 1), (twin.Count("PRelu"), twin.Count("LeakyRelu")));
    }

    [Theory]
    [InlineData(12, 20)]
    [InlineData(9, 15)]
    public void Optimize_BilinearHalving_BecomesTheMeanOfFour(int height, int width)
    {
        var twin = new LayerTwin((network, x) => network.Resize(x, 0.5f, bilinear: true, "half"), height, width).AssertEqual();

        Assert.Equal([2, 3, height / 2, width / 2], twin.Shape);
        Assert.Equal((0, 1), (twin.Count("Resize"), twin.Count("AveragePool")));
    }

    [Fact]
    public void Optimize_NearestHalving_StaysAResize()
    {
        var twin = new LayerTwin((network, x) => network.Resize(x, 0.5f, bilinear: false, "half")).AssertEqual();

        Assert.Equal((1, 0), (twin.Count("Resize"), twin.Count("AveragePool")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Optimize_DoublingOfAJoinedMap_JoinsOnce(bool bilinear)
    {
        var twin = new LayerTwin((network, x) =>
        {
            var first = GraphOptimizerTests.Unit(network, x, "first", 24);
            var second = GraphOptimizerTests.Unit(network, x, "second", 24);
            var up = network.Resize(network.Concat(first, second, "coarse"), 2f, bilinear, "up");
            var fine = GraphOptimizerTests.Unit(network, network.Resize(x, 2f, bilinear: false, "input"), "fine", 24);
            return GraphOptimizerTests.Convolution(network, network.Concat(up, fine, "joined"), "last", 24);
        }).AssertEqual();

        Assert.Equal(1, twin.Count("Concat"));
    }
}
