"""What a message costs on its way through a relay: Sluis beside what others run and what people write today."""
