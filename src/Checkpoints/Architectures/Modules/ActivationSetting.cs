using Nanodet.Configs;

namespace Nanodet.Checkpoints.Architectures.Modules;

/// <summary>Reads an activation from a config.</summary>
internal static class ActivationSetting
{
    /// <summary>The activation of that key; absent means the fallback, null means none.</summary>
    public static Activation Activation(this ConfigNode node, string key, Activation fallback)
    {
        if (!node.Has(key))
        {
            return fallback;
        }

        var setting = node.Optional(key);
        return setting?.AsText() switch
        {
            null => Modules.Activation.None,
            "ReLU" => Modules.Activation.ReLU,
            "LeakyReLU" => Modules.Activation.LeakyReLU,
            "ReLU6" => Modules.Activation.ReLU6,
            "SELU" => Modules.Activation.Selu,
            "ELU" => Modules.Activation.Elu,
            "GELU" => Modules.Activation.Gelu,
            "PReLU" => Modules.Activation.PReLU,
            "SiLU" => Modules.Activation.SiLU,
            "HardSwish" or "Hardswish" => Modules.Activation.HardSwish,
            var other => throw setting!.Invalid(
                $"'{other}' is no activation; known are ReLU, LeakyReLU, ReLU6, SELU, ELU, GELU, PReLU, SiLU and HardSwish"),
        };
    }
}
