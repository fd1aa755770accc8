namespace Nanodet.Detection.Description;

/// <summary>What the graph already applied to the class columns of its output.</summary>
public enum ScoreActivation
{
    /// <summary>The logistic sigmoid: scores lie in 0..1.</summary>
    Sigmoid,

    /// <summary>Nothing: the columns are logits.</summary>
    None,
}
