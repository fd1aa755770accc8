namespace Nanodet.Checkpoints.Optimization;

/// <summary>
/// Which nodes each channel goes through and which read it in the end. A channelwise node passes the demand for its outputs on to its
/// inputs; convolutions and opaque nodes are where demand begins.
/// </summary>
internal sealed class ChannelDemand
{
    private readonly Dictionary<string, SortedSet<int>[]> _demand = new(StringComparer.Ordinal);

    /// <summary>Gathers the demand of a graph.</summary>
    public ChannelDemand(PlainGraph graph)
    {
        foreach (var node in graph.Nodes.Reverse())
        {
            switch (node.Kind)
            {
                case NodeKind.Selection:
                    break;
                case NodeKind.Channelwise or NodeKind.Joining:
                    foreach (var map in node.Maps)
                    {
                        Pass(graph, map, node.Index, Of(graph, node.Output));
                    }

                    break;
                default:
                    foreach (var channel in node.Maps.SelectMany(graph.ChannelsOf))
                    {
                        Of(graph, channel.Value)[channel.Channel].Add(node.Index);
                    }

                    break;
            }
        }
    }

    /// <summary>The indices of the nodes that each channel of a computed value goes through or to.</summary>
    public IReadOnlySet<int>[] Of(string value) => _demand.TryGetValue(value, out var demand) ? demand : [];

    private void Pass(PlainGraph graph, string map, int node, SortedSet<int>[] demand)
    {
        var channels = graph.ChannelsOf(map);
        for (var channel = 0; channel < channels.Length; channel++)
        {
            if (demand[channel].Count > 0)
            {
                var passed = Of(graph, channels[channel].Value)[channels[channel].Channel];
                passed.UnionWith(demand[channel]);
                passed.Add(node);
            }
        }
    }

    private SortedSet<int>[] Of(PlainGraph graph, string value)
    {
        if (!_demand.TryGetValue(value, out var demand))
        {
            demand = [.. graph.ChannelsOf(value).Select(_ => new SortedSet<int>())];
            _demand.Add(value, demand);
        }

        return demand;
    }
}
