using System.Globalization;
using System.Runtime.CompilerServices;

namespace Nanodet.Checkpoints.Optimization;

/// <summary>
/// Decides in how many tensors, in which order and with how much padding the optimised graph holds each computed value.
/// </summary>
internal sealed class LayoutPlanner(PlainGraph graph)
{
    private readonly ChannelDemand _demand = new(graph);
    private readonly Dictionary<string, IReadOnlyList<int[]>> _layouts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Tensor, int Position)[]> _places = new(StringComparer.Ordinal);

    /// <summary>The tensors of a computed value: for each of their places the channel that it holds, or -1 for padding.</summary>
    public IReadOnlyList<int[]> LayoutOf(string value)
    {
        if (!_layouts.TryGetValue(value, out var layout))
        {
            // One value's layout may follow from another's, along chains as long as the network is deep.
            if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            {
                throw new CheckpointException(
                    CheckpointErrorCode.TooLarge, $"The network is too deep to be optimised, at {value}: export it as a plain graph.");
            }

            layout = Plan(value);
            _layouts.Add(value, layout);
        }

        return layout;
    }

    /// <summary>Where the channels of a feature map lie.</summary>
    public Placement Place(string map)
    {
        var tensors = new List<TensorRef>();
        var ordinals = new Dictionary<(string, int), int>();
        var channels = graph.ChannelsOf(map).Select(channel =>
        {
            var (tensor, position) = PlacesOf(channel.Value)[channel.Channel];
            if (tensor < 0)
            {
                return Placement.Absent;
            }

            if (!ordinals.TryGetValue((channel.Value, tensor), out var ordinal))
            {
                ordinals.Add((channel.Value, tensor), ordinal = tensors.Count);
                tensors.Add(new TensorRef(channel.Value, tensor, LayoutOf(channel.Value)[tensor].Length));
            }

            return (ordinal, position);
        }).ToArray();
        return new Placement(tensors, channels);
    }

    /// <summary>How a channelwise node takes its inputs.</summary>
    public JoinForm FormOf(PlainNode node)
    {
        var places = node.Maps.Select(Place).ToList();
        return places.Any(place => !place.IsInjective) ? JoinForm.Exact
            : places.Skip(1).All(places[0].LiesAs) ? JoinForm.ByTensor
            : places.Skip(1).All(place => place.JoinedSlots().SequenceEqual(places[0].JoinedSlots())) ? JoinForm.Joined
            : JoinForm.Exact;
    }

    private IReadOnlyList<int[]> Plan(string value)
    {
        var node = graph.Producer(value);
        switch (node?.Kind)
        {
            case NodeKind.Mixing:
                return PeerLayout(node) ?? Partition(node);
            case NodeKind.Depthwise when Place(node.Maps[0]) is { IsInjective: true } place:
                return [place.JoinedSlots()];
            case NodeKind.Channelwise or NodeKind.Joining when FormOf(node) is var form && form != JoinForm.Exact:
                var input = Place(node.Maps[0]);
                return form == JoinForm.ByTensor ? input.Slots() : [input.JoinedSlots()];
            default:
                return [[.. Enumerable.Range(0, graph.ShapeOf(value)!.Value.Channels)]];
        }
    }

    private (int Tensor, int Position)[] PlacesOf(string value)
    {
        if (!_places.TryGetValue(value, out var places))
        {
            places = new (int, int)[graph.ShapeOf(value)!.Value.Channels];
            Array.Fill(places, Placement.Absent);
            var layout = LayoutOf(value);
            for (var tensor = 0; tensor < layout.Count; tensor++)
            {
                for (var position = 0; position < layout[tensor].Length; position++)
                {
                    if (layout[tensor][position] >= 0)
                    {
                        places[layout[tensor][position]] = (tensor, position);
                    }
                }
            }

            _places.Add(value, places);
        }

        return places;
    }

    /// <summary>
    /// Where all that becomes of a convolution is one side of a sum or a product, and the other side lies as its own inputs made it, the
    /// convolution lays its channels out alike.
    /// </summary>
    private IReadOnlyList<int[]>? PeerLayout(PlainNode convolution)
    {
        var value = convolution.Output;
        while (graph.Uses(value) is [var user])
        {
            if (user.Kind == NodeKind.Joining && user.Maps.FirstOrDefault(map => map != value) is { } peer)
            {
                return !IsFree(peer) && Place(peer) is { IsInjective: true } place ? [place.JoinedSlots()] : null;
            }

            if (user.Kind != NodeKind.Channelwise)
            {
                return null;
            }

            value = user.Output;
        }

        return null;
    }

    /// <summary>Whether a value comes from a convolution that serves nothing else, so that its layout is free, too.</summary>
    private bool IsFree(string value)
    {
        while (graph.Uses(value).Count == 1 && graph.Producer(value) is { } producer)
        {
            if (producer.Kind != NodeKind.Channelwise)
            {
                return producer.Kind == NodeKind.Mixing;
            }

            value = producer.Maps[0];
        }

        return false;
    }

    /// <summary>Divides the channels of a convolution among tensors by who reads them.</summary>
    private List<int[]> Partition(PlainNode convolution)
    {
        var demand = _demand.Of(convolution.Output);
        var classes = Enumerable.Range(0, demand.Length)
            .Where(channel => demand[channel].Count > 0)
            .GroupBy(
                channel => string.Join(',', demand[channel].Select(index => index.ToString("D6", CultureInfo.InvariantCulture))),
                StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new ChannelClass([.. group], [.. demand[group.First()].Select(index => graph.Nodes[index])]))
            .ToList();
        var exact = classes.Where(item => item.IsExact).ToList();
        if (classes.Count == 0 || (SharesReader(exact) && exact.Any(item => item.Channels.Length % Costs.Block != 0)))
        {
            return [[.. Enumerable.Range(0, demand.Length)]];
        }

        return
        [
            .. exact.Select(item => item.Channels),
            .. new ChannelPartition(graph, convolution, [.. classes.Where(item => !item.IsExact)]).Tensors(),
        ];
    }

    /// <summary>Whether an opaque node reads several classes, which then have to be joined again for it.</summary>
    private static bool SharesReader(IEnumerable<ChannelClass> exact) => exact
        .SelectMany(item => item.Readers.Where(reader => reader.Kind == NodeKind.Opaque))
        .CountBy(reader => reader.Index)
        .Any(pair => pair.Value > 1);
}
